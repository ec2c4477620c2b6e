# METADATA
# title: No privileged containers
# description: A privileged container, or one that may gain privileges, is root on the node and so in every other tenant.
# custom:
#   remedy: Remove the field, or set it to false.
package sluice.pod.privileged

import data.sluice.lib.pod

switches := {"privileged", "allowPrivilegeEscalation", "hostProcess"}

deny contains {"msg": $"{field.name} is set", "path": field.path} if {
	some field in pod.controls
	field.name in switches
	pod.on(field.value)
}
