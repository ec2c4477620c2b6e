# METADATA
# title: Allowed registries
# description: Images come from the registries that sluice.yaml lists under limits.registries; without a list, from any.
# custom:
#   remedy: Push the image to an allowed registry and use it from there.
package sluice.image.registry

import data.sluice.lib.image

deny contains {"msg": $"image {image.repository(reference.text)} is not from an allowed registry ({allowed})", "path": reference.path} if {
	some reference in refused
	not image.unknown(reference.text)
}

warn contains {"msg": $"image {reference.text} has a variable that only the cluster knows, so its registry is checked at the deploy", "path": reference.path} if {
	some reference in refused
	image.unknown(reference.text)
}

allowed := concat(", ", input.limits.registries)

refused := [reference |
	is_array(input.limits.registries)
	some reference in image.references
	not starts_allowed(reference.text)
	not from_allowed(image.repository(reference.text))
]

# The common case, without taking the reference apart: a prefix that names its registry.
starts_allowed(text) if {
	some prefix in named
	startswith(text, prefix)
}

named := [concat("", [trim_right(prefix, "/"), "/"]) |
	some prefix in input.limits.registries
	image.is_registry(split(prefix, "/")[0])
]

from_allowed(repository) if {
	some prefix in input.limits.registries
	startswith(repository, concat("", [trim_right(prefix, "/"), "/"]))
}

from_allowed(repository) if {
	repository in input.limits.registries
}
