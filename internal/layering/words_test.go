package layering

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// A word must not stand in any text file of the project.
type word struct {
	pattern *regexp.Regexp
	text    string
	why     string
}

// The words are put together here so that this file does not contain them.
var forbiddenWords = []word{
	{regexp.MustCompile(`\.\.` + `/shared\b`), ".." + "/shared", outsideWhy},
	outside("/" + "work/"),
	outside("/" + "root/"),
	host("proxy." + "golang.org"),
	host("sum." + "golang.org"),
	host("registry." + "npmjs.org"),
	host("deb." + "debian.org"),
}

const outsideWhy = "a path outside the project means nothing to its reader: name the thing instead"

// outside forbids a path that only one machine has. A longer path or address that contains it is not meant.
func outside(p string) word {
	return word{regexp.MustCompile(`(^|[^\w.~%}/-])` + regexp.QuoteMeta(p)), p, outsideWhy}
}

// host forbids the address of a package registry: which one is used is the machine's own setting.
func host(h string) word {
	return word{regexp.MustCompile(`(^|[^\w.-])` + regexp.QuoteMeta(h)), h,
		"a registry's host is the reader's setting: leave it to the go command and the system"}
}

func words(t *tree) []problem {
	var found []problem
	for _, f := range t.texts {
		for i, line := range bytes.Split(f.data, []byte{'\n'}) {
			for _, w := range forbiddenWords {
				if w.pattern.Match(line) {
					found = append(found, problem{f.path, i + 1, fmt.Sprintf("%q: %s", w.text, w.why)})
				}
			}
		}
	}
	return found
}

var link = regexp.MustCompile(`\]\(([^()\s]+)\)`)

// links finds links of documents that lead out of the project, or to a file it does not have.
func links(t *tree) []problem {
	var found []problem
	for _, f := range t.texts {
		if !strings.HasSuffix(f.path, ".md") {
			continue
		}
		for i, line := range strings.Split(string(f.data), "\n") {
			for _, m := range link.FindAllStringSubmatch(line, -1) {
				to, _, _ := strings.Cut(m[1], "#")
				if to == "" || strings.Contains(to, ":") {
					continue
				}
				if to = path.Join(path.Dir(f.path), to); !t.has(to) {
					found = append(found, problem{f.path, i + 1, fmt.Sprintf("link to %s, which the project does not have: "+
						"correct it or take it out", m[1])})
				}
			}
		}
	}
	return found
}

// has says whether the project has a file or folder of that name.
func (t *tree) has(name string) bool {
	return name == "." || slices.ContainsFunc(t.names, func(n string) bool { return below(n, name) })
}
