# METADATA
# title: No plaintext Secrets
# description: A Secret in Git is read by everybody who can read the repository, for ever. SOPS-encrypted ones may stay.
# custom:
#   remedy: Encrypt the file with SOPS, or use an ExternalSecret or a SealedSecret; then change the value, for Git keeps the old one.
package sluice.secret.plaintext

deny contains {"msg": $"Secret holds {field} in plain text", "path": [field]} if {
	is_secret
	some field in ["data", "stringData"]
	value := input.object[field]
	not value in {null, {}, ""}
	not encrypted(value)
}

is_secret if {
	input.object.kind == "Secret"
	input.object.apiVersion == "v1"
}

# Every value is SOPS' own form, and the file carries a MAC.
encrypted(values) if {
	is_object(values)
	is_string(input.object.sops.mac)
	every value in values {
		is_string(value)
		regex.match(`^ENC\[AES256_GCM,data:[A-Za-z0-9+/=]*,iv:[A-Za-z0-9+/=]+,tag:[A-Za-z0-9+/=]+,type:[a-z]+\]$`, value)
	}
}
