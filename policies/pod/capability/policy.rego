# METADATA
# title: No added capabilities
# description: Linux capabilities give a container parts of root's power over the node. NET_BIND_SERVICE may be added.
# custom:
#   remedy: Remove the capability from capabilities.add; NET_BIND_SERVICE is the only one that may be added.
package sluice.pod.capability

import data.sluice.lib.pod

deny contains {"msg": $"capability {shown(capability)} is added", "path": array.concat(field.path, ["add", index])} if {
	some field in pod.controls
	field.name == "capabilities"
	some index, capability in field.value.add
	capability != "NET_BIND_SERVICE"
}

deny contains {"msg": "capabilities.add is no list", "path": array.concat(field.path, ["add"])} if {
	some field in pod.controls
	field.name == "capabilities"
	added := field.value.add
	added != null
	not is_array(added)
}

shown(capability) := substring(capability, 0, 60) if {
	is_string(capability)
}

else := "of a wrong type"
