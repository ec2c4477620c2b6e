# METADATA
# title: Only safe sysctls
# description: Kernel settings other than the ones that Kubernetes calls safe act on the whole node.
# custom:
#   remedy: Remove the sysctl, or ask the platform team to set it on the nodes.
package sluice.pod.sysctl

import data.sluice.lib.pod

# The Baseline Pod Security Standard's list.
safe := {
	"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
	"net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout",
	"net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time",
	"net.ipv4.tcp_rmem", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem",
}

deny contains {"msg": $"sysctl {sysctl.name} is not a safe one", "path": array.concat(field.path, [index, "name"])} if {
	some field in pod.controls
	field.name == "sysctls"
	some index, sysctl in field.value
	is_string(sysctl.name)
	not sysctl.name in safe
}
