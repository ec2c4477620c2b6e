# METADATA
# title: Sources over TLS
# description: A source fetched over plain HTTP, or without checking its certificate, is whatever the network says it is.
# custom:
#   remedy: Use https://, ssh:// or oci:// and remove insecure.
package sluice.flux.transport

is_source if {
	startswith(input.object.apiVersion, "source.toolkit.fluxcd.io/")
}

is_source if {
	startswith(input.object.apiVersion, "image.toolkit.fluxcd.io/")
}

deny contains {"msg": "the source is fetched over plain HTTP", "path": ["spec", "url"]} if {
	is_source
	startswith(lower(input.object.spec.url), "http://")
}

deny contains {"msg": "insecure turns TLS off", "path": ["spec", "insecure"]} if {
	is_source
	input.object.spec.insecure == true
}
