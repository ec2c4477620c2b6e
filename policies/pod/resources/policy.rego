# METADATA
# title: Memory limits
# description: A container without a memory limit can take all of a node's memory, and its neighbours are killed first.
# custom:
#   remedy: Set resources.limits.memory.
package sluice.pod.resources

import data.sluice.lib.pod

warn contains {"msg": $"{pod.name_of(found.container)} has no memory limit", "path": found.path} if {
	some found in pod.containers
	found.list == "containers"
	found.container.image
	not found.container.resources.limits.memory
}
