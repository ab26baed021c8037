package app

import (
	"errors"
	"io/fs"
	"os"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/parser"
)

// ConfigError lists everything that is wrong with a configuration.
type ConfigError struct {
	Problems []string
	Advice   []string
}

// Error returns one line for each problem, and the advice below.
func (e *ConfigError) Error() string {
	return strings.Join(append([]string{"the configuration has mistakes:\n  " + strings.Join(e.Problems, "\n  ")}, e.Advice...), "\n")
}

// defaultConfigFile is read when it is there and no other is named.
const defaultConfigFile = "config.yaml"

// Purpose says what a configuration is loaded for: only a server needs the keys
// of payments and mail.
type Purpose int

// The purposes.
const (
	ToLook  Purpose = iota // anything beside a server
	ToServe                // the whole site
)

// Load returns the configuration: the defaults, over them the file, over that
// the environment. path "" means config.yaml when there is one. names are the
// variables that exist, so that a misspelt one is found; getenv alone says what
// they hold. The error is a *ConfigError with every problem.
func Load(path string, getenv func(string) string, why Purpose, names ...string) (Config, error) {
	r := &reader{origin: map[string]string{}}
	c := Default()
	named := path != ""
	if !named {
		path = defaultConfigFile
	}
	src, err := os.ReadFile(path)
	switch {
	case err == nil:
		r.file(&c, path, src)
	case errors.Is(err, fs.ErrNotExist) && !named:
		path = ""
	default:
		var bad *os.PathError
		if errors.As(err, &bad) {
			err = bad.Err
		}
		r.blind = true
		r.say(path, "", "cannot be read: %v", err)
	}
	r.environment(&c, getenv)
	r.misspelt(&c, getenv, names)
	c.derive()
	r.check(&c)
	if why == ToServe && !r.blind {
		r.complete(&c)
	}
	if len(r.problems) > 0 {
		e := &ConfigError{Advice: r.advice}
		for _, p := range r.problems {
			e.Problems = append(e.Problems, p.String())
		}
		return c, e
	}
	return c, nil
}

// environment reads the variables that are set.
func (r *reader) environment(c *Config, getenv func(string) string) {
	leaves(reflect.ValueOf(c).Elem(), "", func(k key) {
		name := variable(k.path)
		text := getenv(name)
		if isSecret(k.field) {
			if file := getenv(name + "_FILE"); file != "" {
				if text != "" {
					r.say(name+"_FILE", "", "is set beside %s: keep one of them", name)
					return
				}
				r.fromFile(k, file, "", name+"_FILE")
				return
			}
		}
		if text == "" {
			return
		}
		r.origin[k.path] = name
		if k.value.Kind() == reflect.Slice {
			r.listVariable(k, name, text)
			return
		}
		if what := set(k, text); what != "" {
			r.say(name, "", "%s", what)
		}
	})
}

// listVariable reads a list: a,b,c for texts, YAML in one line for sections.
func (r *reader) listVariable(k key, name, text string) {
	if k.value.Type().Elem().Kind() == reflect.String {
		k.value.Set(reflect.ValueOf([]string{}))
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				k.value.Set(reflect.Append(k.value, reflect.ValueOf(part)))
			}
		}
		return
	}
	tree, err := parser.ParseBytes([]byte(text), 0)
	if err != nil || len(tree.Docs) != 1 || tree.Docs[0].Body == nil {
		r.say(name, "", "is a list, written as in the configuration file but on one line: [{...}, {...}]")
		return
	}
	r.list(name, tree.Docs[0].Body, k.field, k.value, "", name)
}
