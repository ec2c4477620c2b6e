package sluice.secret.token_test

import data.sluice.secret.token as rule

denied(type) := result if {
	result := count(rule.deny) with input as {"object": {"apiVersion": "v1", "kind": "Secret", "type": type}}
}

test_token if {
	denied("kubernetes.io/service-account-token") == 1
}

test_opaque if {
	denied("Opaque") == 0
}
