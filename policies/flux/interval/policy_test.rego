package sluice.flux.interval_test

import data.sluice.flux.interval as rule

warned(interval) := result if {
	result := count(rule.warn) with input as {"object": {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "spec": {"interval": interval}}}
}

test_short if {
	every interval in ["5s", "29.9s", "500ms", "1ms500us"] {
		warned(interval) == 1
	}
}

test_long if {
	every interval in ["30s", "1m", "1m30s", "1h", "bad", 5] {
		warned(interval) == 0
	}
}
