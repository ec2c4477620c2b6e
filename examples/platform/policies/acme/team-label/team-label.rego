# METADATA
# title: A tenant's workloads name their team
# description: |
#   Acme's on-call rota finds the owner of a workload by the label `acme.example/team`.
# custom:
#   remedy: Set the label `acme.example/team` to the name of your team.
package sluice.acme.team_label

workloads := {"CronJob", "DaemonSet", "Deployment", "Job", "StatefulSet"}

deny contains {"msg": $"{input.object.kind} does not say which team owns it", "path": ["metadata", "labels"]} if {
	input.tenant != null
	input.object.kind in workloads
	not input.object.metadata.labels["acme.example/team"]
}
