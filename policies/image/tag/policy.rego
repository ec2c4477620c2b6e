# METADATA
# title: Fixed image tags
# description: A tag such as latest, or no tag, means another image tomorrow, which nobody has reviewed.
# custom:
#   remedy: Use a version tag, or better a digest (image@sha256:…).
package sluice.image.tag

import data.sluice.lib.image

moving := {"latest", "main", "master", "dev", "edge", "nightly"}

deny contains {"msg": $"image {reference.text} uses the moving tag {reference.tag}", "path": reference.path} if {
	some reference in image.references
	lower(reference.tag) in moving
	not image.pinned(reference.text)
}

deny contains {"msg": $"image {reference.text} has no tag, which means latest", "path": reference.path} if {
	some reference in image.references
	reference.tag == ""
	reference.container
	not image.pinned(reference.text)
	not image.unknown(reference.text)
}
