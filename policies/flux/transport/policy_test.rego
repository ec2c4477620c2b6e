package sluice.flux.transport_test

import data.sluice.flux.transport as rule

denied(spec) := result if {
	result := count(rule.deny) with input as {"object": {"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "spec": spec}}
}

test_http if {
	denied({"url": "HTTP://example.com/x"}) == 1
}

test_insecure if {
	denied({"url": "oci://example.com/x", "insecure": true}) == 1
}

test_https if {
	denied({"url": "https://example.com/x"}) == 0
}
