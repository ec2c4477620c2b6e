package scan

import (
	"strings"

	kustypes "sigs.k8s.io/kustomize/api/types"

	"sluice/renderer/fault"
	"sluice/renderer/tree"
)

// filePart returns the path of key=path. What cannot be a key is taken for an address that has a = in it.
func filePart(name string) string {
	key, file, ok := strings.Cut(name, "=")
	if !ok || strings.ContainsAny(key, "/:?@") {
		return name
	}
	return file
}

// generators checks the files of configMapGenerator and secretGenerator.
func (s *scanner) generators(k *Kustomization) error {
	for i, generator := range k.Types.ConfigMapGenerator {
		if err := s.sources(s.entry(k, "configMapGenerator", i), generator.KvPairSources, false); err != nil {
			return err
		}
	}
	for i, generator := range k.Types.SecretGenerator {
		if err := s.sources(s.entry(k, "secretGenerator", i), generator.KvPairSources, true); err != nil {
			return err
		}
	}
	return nil
}

func (s *scanner) sources(e entry, from kustypes.KvPairSources, secret bool) error {
	if secret {
		for _, literal := range from.LiteralSources {
			value := literal
			if _, after, ok := strings.Cut(literal, "="); ok {
				value = after
			}
			s.hide(strings.Trim(value, `"'`))
		}
	}
	read := func(field, name string, lines bool) error {
		inner := e
		inner.field = e.field + "." + field
		inside, node, err := s.node(inner, name)
		if err != nil {
			return err
		}
		if node.Kind != tree.KindFile {
			return fault.New("build.pathMissing", e.file(), e.at(), "%s names %s, which is no file", inner.field, fault.Quote(name))
		}
		s.result.Scanned[inside] = true
		if !secret {
			return nil
		}
		s.hide(string(node.Bytes))
		for _, line := range strings.Split(string(node.Bytes), "\n") {
			if _, value, ok := strings.Cut(line, "="); ok && lines {
				s.hide(strings.TrimSpace(value))
			} else {
				s.hide(strings.TrimSpace(line))
			}
		}
		return nil
	}
	for _, name := range from.FileSources {
		if err := read("files", filePart(name), false); err != nil {
			return err
		}
	}
	for _, name := range from.EnvSources {
		if err := read("envs", name, true); err != nil {
			return err
		}
	}
	if from.EnvSource != "" {
		return read("env", from.EnvSource, true)
	}
	return nil
}
