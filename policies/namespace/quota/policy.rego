# METADATA
# title: Quotas are the platform's
# description: ResourceQuota and LimitRange bound what a tenant may use, so a tenant does not write them.
# custom:
#   remedy: Remove it; ask the platform team to change the namespace's quota.
package sluice.namespace.quota

kinds := {"ResourceQuota", "LimitRange"}

deny contains {"msg": $"{input.object.kind} is the platform's to set", "path": ["kind"]} if {
	input.tenant != null
	input.object.apiVersion == "v1"
	input.object.kind in kinds
}
