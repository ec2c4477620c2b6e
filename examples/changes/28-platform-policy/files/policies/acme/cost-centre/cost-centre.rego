# METADATA
# title: Deployments name their cost centre
# description: |
#   Finance splits the bill of a cluster by the label `acme.example/cost-centre`.
# custom:
#   remedy: Set the label `acme.example/cost-centre`.
package sluice.acme.cost_centre

deny contains {"msg": "the Deployment names no cost centre", "path": ["metadata", "labels"]} if {
	input.tenant != null
	input.object.kind == "Deployment"
	not input.object.metadata.labels["acme.example/cost-centre"]
}
