# METADATA
# title: No host ports
# description: A hostPort takes a port of the node, past Services and network policies.
# custom:
#   remedy: Remove hostPort; expose the port with a Service.
package sluice.pod.host_port

import data.sluice.lib.pod

deny contains {"msg": "hostPort takes a port of the node", "path": field.path} if {
	some field in pod.controls
	field.name == "hostPort"
	taken(field.value)
}

taken(port) if {
	is_number(port)
	port != 0
}

taken(text) if {
	is_string(text)
	not trim(trim_space(text), "0") in {"", "false", "null"}
}

taken(values) if {
	pod.on(values.enabled)
}
