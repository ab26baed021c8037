package stripegate

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// form is the tree of a request's parameters: a[b][0]=c. A missing branch is an
// empty form, so that reading needs no checks.
type form struct {
	name string // the whole name, a[b]
	val  string
	has  bool
	kids map[string]*form
}

func parseForm(v url.Values) *form {
	root := &form{}
	for key, vals := range v {
		for i, val := range vals {
			at := root
			for _, part := range splitKey(key) {
				if part == "" {
					part = strconv.Itoa(i)
				}
				at = at.grow(part)
			}
			at.val, at.has = val, true
		}
	}
	return root
}

// splitKey turns a[b][] into a, b and "".
func splitKey(key string) []string {
	head, rest, found := strings.Cut(key, "[")
	parts := []string{head}
	for found {
		var part string
		part, rest, found = strings.Cut(rest, "]")
		if !found {
			return []string{key} // unbalanced: a plain name that nobody knows
		}
		parts = append(parts, part)
		_, rest, found = strings.Cut(rest, "[")
	}
	return parts
}

func (f *form) grow(part string) *form {
	if f.kids == nil {
		f.kids = map[string]*form{}
	}
	k := f.kids[part]
	if k == nil {
		k = f.child(part)
		f.kids[part] = k
	}
	return k
}

func (f *form) child(part string) *form {
	if f.name == "" {
		return &form{name: part}
	}
	return &form{name: f.name + "[" + part + "]"}
}

// at returns the branch with a path; it is empty when nothing was sent.
func (f *form) at(path ...string) *form {
	for _, p := range path {
		k := f.kids[p]
		if k == nil {
			k = f.child(p)
		}
		f = k
	}
	return f
}

func (f *form) str(path ...string) string { return f.at(path...).val }

// sent reports whether the branch was sent at all, even empty.
func (f *form) sent(path ...string) bool {
	k := f.at(path...)
	return k.has || len(k.kids) > 0
}

// list returns the branches of an array in order of their index.
func (f *form) list(path ...string) []*form {
	k := f.at(path...)
	keys := make([]string, 0, len(k.kids))
	for name := range k.kids {
		keys = append(keys, name)
	}
	slices.SortFunc(keys, func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return x - y
	})
	out := make([]*form, 0, len(keys))
	for _, name := range keys {
		out = append(out, k.kids[name])
	}
	return out
}

func (f *form) strs(path ...string) []string {
	var out []string
	for _, k := range f.list(path...) {
		out = append(out, k.val)
	}
	return out
}

// num reads an integer; ok is false where none was sent.
func (f *form) num(path ...string) (n int64, ok bool, err *apiError) {
	k := f.at(path...)
	if k.val == "" {
		return 0, false, nil
	}
	n, e := strconv.ParseInt(k.val, 10, 64)
	if e != nil {
		return 0, true, invalid(k.name, "Invalid integer: %s", k.val).code("parameter_invalid_integer")
	}
	return n, true, nil
}

func (f *form) flag(path ...string) (is, ok bool, err *apiError) {
	k := f.at(path...)
	switch k.val {
	case "":
		return false, false, nil
	case "true":
		return true, true, nil
	case "false":
		return false, true, nil
	}
	return false, true, invalid(k.name, "Invalid boolean: %s", k.val)
}

// oneOf reads a word from a list; "" where none was sent.
func (f *form) oneOf(name string, words ...string) (string, *apiError) {
	v := f.str(name)
	if v != "" && !slices.Contains(words, v) {
		return "", invalid(f.at(name).name, "Invalid %s: must be one of %s", name, strings.Join(words, ", "))
	}
	return v, nil
}

// only refuses parameters that the call does not know.
func (f *form) only(names ...string) *apiError {
	for k := range f.kids {
		if k != "expand" && !slices.Contains(names, k) {
			return invalid(k, "Received unknown parameter: %s", k).code("parameter_unknown")
		}
	}
	return nil
}

// meta reads metadata with Stripe's limits.
func (f *form) meta(path ...string) (map[string]string, *apiError) {
	k := f.at(path...)
	if len(k.kids) == 0 {
		return nil, nil
	}
	if len(k.kids) > 50 {
		return nil, invalid(k.name, "Metadata can have up to 50 keys, you sent %d.", len(k.kids))
	}
	out := map[string]string{}
	for name, v := range k.kids {
		switch {
		case len(name) > 40:
			return nil, invalid(k.name, "Metadata keys must be shorter than 40 characters. %q is too long.", name)
		case len(v.val) > 500:
			return nil, invalid(v.name, "Metadata values can have up to 500 characters, but you passed in a value that is %d characters.", len(v.val))
		}
		out[name] = v.val
	}
	return out, nil
}

// mergeMeta lays sent metadata over what is there; empty values remove a key,
// an empty metadata removes all.
func (f *form) mergeMeta(into map[string]string) (map[string]string, *apiError) {
	m, err := f.meta("metadata")
	if err != nil {
		return nil, err
	}
	if k := f.at("metadata"); k.has && k.val == "" && len(k.kids) == 0 {
		return nil, nil
	}
	out := map[string]string{}
	for k, v := range into {
		out[k] = v
	}
	for k, v := range m {
		if v == "" {
			delete(out, k)
		} else {
			out[k] = v
		}
	}
	return out, nil
}
