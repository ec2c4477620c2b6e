package scan

import (
	"path"
	"regexp"
	"strings"

	"sluice/renderer/fault"
	"sluice/renderer/tree"
)

var (
	userAtHost = regexp.MustCompile(`^[a-z][a-z0-9._-]*@[^/:]+[/:]`)
	knownHost  = regexp.MustCompile(`^(www\.)?(github\.com|gitlab\.com|bitbucket\.org|gist\.github\.com|dev\.azure\.com|codeberg\.org|gitea\.com)([/:]|$)`)
)

// Remote tells whether a path names something that kustomize would fetch, in any spelling its parsers know
// (api/internal/git/repospec.go, api/internal/loader/fileloader.go) or a person could mean so.
func Remote(name string) bool {
	lower := strings.ToLower(strings.TrimSpace(name))
	if strings.Contains(lower, "://") || strings.HasPrefix(lower, "//") {
		return true
	}
	for _, prefix := range []string{"git::", "gh:", "git@", "http:", "https:", "ssh:", "file:", "git:", "oci:", "s3::", "gcs::", "hg::"} {
		if strings.HasPrefix(lower, prefix) {
			return true
		}
	}
	if userAtHost.MatchString(lower) || knownHost.MatchString(lower) {
		return true
	}
	if strings.Contains(lower, "?") || strings.Contains(lower, "_git/") {
		return true
	}
	// host:path, as scp writes it
	if colon := strings.Index(lower, ":"); colon > 0 {
		if slash := strings.Index(lower, "/"); slash < 0 || colon < slash {
			return true
		}
	}
	for _, part := range strings.Split(lower, "/") {
		if strings.HasSuffix(part, ".git") && part != ".git" {
			return true
		}
	}
	return false
}

// local returns the tree path of an entry in a folder, or the fault of one that is remote or leaves the tree.
func local(dir, name, field, file string, line int) (string, error) {
	switch {
	case strings.TrimSpace(name) == "":
		return "", fault.New("build.escape", file, line, "%s has an empty path", field)
	case strings.ContainsRune(name, 0):
		return "", fault.New("build.escape", file, line, "%s has a path with a NUL byte", field)
	case Remote(name):
		return "", fault.New("build.remote", file, line, "%s names something outside this source: %s", field, fault.Quote(withoutUser(name))).
			Do("Copy what it names into the repository; nothing is fetched during a build.")
	case path.IsAbs(name):
		return "", fault.New("build.escape", file, line, "%s has the absolute path %s", field, fault.Quote(name)).
			Do("Use a path relative to the kustomization file.")
	}
	clean, ok := tree.Clean(path.Join(dir, name))
	if !ok {
		return "", fault.New("build.escape", file, line, "%s leaves the source: %s", field, fault.Quote(name)).
			Do("Use a path inside the repository.")
	}
	return clean, nil
}

// withoutUser hides credentials of an address.
func withoutUser(name string) string {
	scheme, rest, ok := strings.Cut(name, "://")
	if !ok {
		return name
	}
	host, tail, _ := strings.Cut(rest, "/")
	if at := strings.LastIndex(host, "@"); at >= 0 {
		host = "***@" + host[at+1:]
	}
	if tail != "" {
		host += "/" + tail
	}
	return scheme + "://" + host
}
