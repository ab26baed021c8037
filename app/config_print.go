package app

import (
	"encoding"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Print writes the configuration as a file that says the same, with secrets
// hidden.
func (c Config) Print(w io.Writer) {
	printSection(w, reflect.ValueOf(&c).Elem(), 0)
}

func printSection(w io.Writer, v reflect.Value, depth int) {
	indent := strings.Repeat("  ", depth)
	t := v.Type()
	for i := range t.NumField() {
		f, fv := t.Field(i), v.Field(i)
		name := snake(f.Name)
		switch {
		case f.Tag.Get("keyed") != "":
			fmt.Fprintf(w, "%s%s:\n", indent, name)
			for j := range fv.Len() {
				item := reflect.New(fv.Type().Elem()).Elem()
				item.Set(fv.Index(j))
				fmt.Fprintf(w, "%s  %s:\n", indent, item.FieldByName(f.Tag.Get("keyed")).String())
				printKeyed(w, item, f.Tag.Get("keyed"), depth+2)
			}
		case isSection(fv):
			fmt.Fprintf(w, "%s%s:\n", indent, name)
			printSection(w, fv, depth+1)
		case fv.Kind() == reflect.Slice:
			printList(w, indent, name, fv)
		default:
			fmt.Fprintf(w, "%s%s: %s\n", indent, name, printed(f, fv))
		}
	}
}

// printKeyed writes the settings of one entry, without the one that is its key.
func printKeyed(w io.Writer, item reflect.Value, id string, depth int) {
	t := item.Type()
	for i := range t.NumField() {
		if f := t.Field(i); f.Name != id {
			fmt.Fprintf(w, "%s%s: %s\n", strings.Repeat("  ", depth), snake(f.Name), printed(f, item.Field(i)))
		}
	}
}

func printList(w io.Writer, indent, name string, v reflect.Value) {
	if v.Len() == 0 {
		fmt.Fprintf(w, "%s%s: []\n", indent, name)
		return
	}
	fmt.Fprintf(w, "%s%s:\n", indent, name)
	for i := range v.Len() {
		item := v.Index(i)
		if item.Kind() == reflect.String {
			fmt.Fprintf(w, "%s  - %s\n", indent, yamlText(item.String()))
			continue
		}
		lead := "- "
		for j := range item.NumField() {
			fmt.Fprintf(w, "%s  %s%s: %s\n", indent, lead, snake(item.Type().Field(j).Name), printed(item.Type().Field(j), item.Field(j)))
			lead = "  "
		}
	}
}

func printed(f reflect.StructField, v reflect.Value) string {
	if isSecret(f) {
		if v.String() == "" {
			return `""`
		}
		return "hidden"
	}
	if m, ok := v.Addr().Interface().(encoding.TextMarshaler); ok {
		if b, err := m.MarshalText(); err == nil {
			return yamlText(string(b))
		}
	}
	if v.Type() == durationType {
		return formatDuration(time.Duration(v.Int()))
	}
	switch v.Kind() {
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Int:
		return strconv.FormatInt(v.Int(), 10)
	}
	return yamlText(v.String())
}

// yamlText writes a text plainly where YAML reads it back as the same text, in
// double quotes where it would not.
func yamlText(s string) string {
	plain := s != "" && s[0] != ' ' && s[len(s)-1] != ' '
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && !(i > 0 && strings.ContainsRune("0123456789 ._/?=@()+-", r)) && !(i == 0 && r == '/') {
			plain = false
		}
	}
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		plain = false
	}
	if plain {
		return s
	}
	return strconv.Quote(s)
}
