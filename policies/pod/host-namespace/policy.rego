# METADATA
# title: No host namespaces
# description: hostNetwork, hostPID and hostIPC let a pod see and reach what belongs to the node and to other tenants.
# custom:
#   remedy: Remove the field; use a Service to be reached.
package sluice.pod.host_namespace

import data.sluice.lib.pod

switches := {"hostNetwork", "hostPID", "hostIPC"}

deny contains {"msg": $"{field.name} shares the node's namespace", "path": field.path} if {
	some field in pod.controls
	field.name in switches
	pod.on(field.value)
}
