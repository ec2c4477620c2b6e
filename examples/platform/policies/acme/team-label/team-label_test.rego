package sluice.acme["team-label_test"]

import data.sluice.acme["team-label"] as rule

deployment(labels) := {"object": {
	"apiVersion": "apps/v1",
	"kind": "Deployment",
	"metadata": {"name": "web", "namespace": "checkout", "labels": labels},
}}

test_labelled_workload_passes if {
	count(rule.deny) == 0 with input as deployment({"acme.example/team": "checkout"})
}

test_workload_without_team_is_denied if {
	count(rule.deny) == 1 with input as deployment({"app": "web"})
}

test_other_kinds_pass if {
	count(rule.deny) == 0 with input as {"object": {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}}
}
