# METADATA
# title: Readiness probes
# description: Without a readiness probe a rollout counts a container as ready as soon as it has started.
# custom:
#   remedy: Add a readinessProbe that answers once the container can serve.
package sluice.pod.probe

import data.sluice.lib.pod

# Kinds that serve; jobs do not.
serving := {"Deployment", "StatefulSet", "DaemonSet", "Rollout"}

warn contains {"msg": $"{pod.name_of(found.container)} has no readinessProbe", "path": found.path} if {
	input.object.kind in serving
	some found in pod.containers
	found.list == "containers"
	found.container.image
	count(object.get(found.container, "ports", [])) > 0
	not found.container.readinessProbe
}
