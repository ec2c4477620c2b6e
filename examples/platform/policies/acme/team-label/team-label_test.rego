package sluice.acme.team_label_test

import data.sluice.acme.team_label

deployment(labels) := {
	"tenant": {"name": "checkout"},
	"object": {
		"apiVersion": "apps/v1",
		"kind": "Deployment",
		"metadata": {"name": "web", "namespace": "checkout", "labels": labels},
	},
}

test_labelled_workload_passes if {
	count(team_label.deny) == 0 with input as deployment({"acme.example/team": "checkout"})
}

test_workload_without_team_is_denied if {
	count(team_label.deny) == 1 with input as deployment({"app": "web"})
}

test_the_platform_is_left_alone if {
	count(team_label.deny) == 0 with input as object.union(deployment({"app": "web"}), {"tenant": null})
}

test_other_kinds_pass if {
	service := {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
	count(team_label.deny) == 0 with input as {"tenant": {"name": "checkout"}, "object": service}
}
