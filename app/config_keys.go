package app

import (
	"reflect"
	"strings"
	"unicode"
)

// key is one setting: where it stands in the file, which variable sets it, and
// the field that holds it.
type key struct {
	path  string // "stripe.secret_key"
	field reflect.StructField
	value reflect.Value
}

// variable returns the name of the environment variable of a path. Feature
// flags keep the names that other tools know them by.
func variable(path string) string {
	if rest, ok := strings.CutPrefix(path, "features."); ok {
		return "FEATURE_" + strings.ToUpper(rest)
	}
	return "SSELFIE_" + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

func isSecret(f reflect.StructField) bool { return f.Tag.Get("secret") == "true" }

// snake turns a field name into a key: BaseURL into base_url, SMTP into smtp.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		startsWord := i > 0 && unicode.IsUpper(r) &&
			(!unicode.IsUpper(runes[i-1]) || (i+1 < len(runes) && unicode.IsLower(runes[i+1])))
		if startsWord {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// join puts a name behind a path.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// leaves calls visit for every setting below v, in the order of the fields.
func leaves(v reflect.Value, path string, visit func(key)) {
	t := v.Type()
	for i := range t.NumField() {
		f, fv := t.Field(i), v.Field(i)
		at := join(path, snake(f.Name))
		switch {
		case f.Tag.Get("keyed") != "":
			for j := range fv.Len() {
				item := fv.Index(j)
				name := item.FieldByName(f.Tag.Get("keyed")).String()
				leaves(item, join(at, name), func(k key) {
					if k.path != join(join(at, name), snake(f.Tag.Get("keyed"))) {
						visit(k)
					}
				})
			}
		case isSection(fv):
			leaves(fv, at, visit)
		default:
			visit(key{path: at, field: f, value: fv})
		}
	}
}

// isSection reports whether v holds settings below it, instead of being one.
func isSection(v reflect.Value) bool {
	return v.Kind() == reflect.Struct && !v.Addr().Type().Implements(textUnmarshaler)
}

// nearest returns the word that name was probably meant to be, or "".
func nearest(name string, words []string) string {
	plain := func(s string) string { return strings.ReplaceAll(strings.ReplaceAll(snake(s), "-", "_"), "__", "_") }
	best, least := "", max(2, len(name)/3)+1
	for _, w := range words {
		d := distance(plain(name), w)
		if d < least {
			best, least = w, d
		}
	}
	return best
}

// distance is Damerau and Levenshtein's: how many letters are wrong, missing,
// too many or exchanged with their neighbour.
func distance(a, b string) int {
	if len(a) > 100 || len(b) > 100 {
		return 100
	}
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
