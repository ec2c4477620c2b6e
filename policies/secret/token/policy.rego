# METADATA
# title: No service account tokens
# description: A Secret of this type makes Kubernetes write a token into it that never expires.
# custom:
#   remedy: Remove the Secret; mount a projected token, or use workload identity.
package sluice.secret.token

types := {"kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token"}

deny contains {"msg": $"Secret of type {input.object.type} mints a long-lived token", "path": ["type"]} if {
	input.object.kind == "Secret"
	input.object.type in types
}
