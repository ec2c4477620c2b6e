# METADATA
# title: Reasonable intervals
# description: An interval of seconds asks Git, registries and the API server all the time; a merge is noticed without it.
# custom:
#   remedy: Use 1m or more.
package sluice.flux.interval

warn contains {"msg": $"{field} {text} is shorter than 30 seconds", "path": ["spec", field]} if {
	contains(input.object.apiVersion, ".toolkit.fluxcd.io/")
	some field in ["interval", "retryInterval"]
	text := input.object.spec[field]
	is_string(text)
	short(text)
}

short(text) if {
	regex.match(`^([0-9.]+(ns|us|µs|ms))+$`, text)
}

short(text) if {
	regex.match(`^[0-9]+(\.[0-9]+)?s$`, text)
	to_number(trim_suffix(text, "s")) < 30
}
