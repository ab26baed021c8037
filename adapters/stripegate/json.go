package stripegate

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
)

// obj is an object as it goes over the wire.
type obj map[string]any

// MarshalJSON writes id and object first, then the rest by name, as Stripe does.
func (o obj) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	write := func(k string) error {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(k)
		if err != nil {
			return err
		}
		v, err := encode(o[k])
		if err != nil {
			return err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(v)
		return nil
	}
	keys := slices.Sorted(maps.Keys(o))
	for _, first := range []string{"id", "object"} {
		if i := slices.Index(keys, first); i >= 0 {
			keys = slices.Delete(keys, i, i+1)
			if err := write(first); err != nil {
				return nil, err
			}
		}
	}
	for _, k := range keys {
		if err := write(k); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// encode is json.Marshal without the escaping of < > &.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// pretty is the indented form of what Stripe sends.
func pretty(v any) ([]byte, error) {
	raw, err := encode(v)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// text is a string, or null for an empty one.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// number is an int64, or null for zero.
func number(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

func metadata(m map[string]string) obj {
	o := obj{}
	for k, v := range m {
		o[k] = v
	}
	return o
}

// differences returns the members of before that after holds differently: the
// previous_attributes of an event. Nested objects are compared member by member,
// lists as a whole.
func differences(before, after obj) obj {
	out := obj{}
	for k, was := range before {
		is := after[k]
		a, ok1 := was.(obj)
		b, ok2 := is.(obj)
		switch {
		case ok1 && ok2:
			if d := differences(a, b); len(d) > 0 {
				out[k] = d
			}
		case !reflect.DeepEqual(was, is):
			out[k] = was
		}
	}
	for k := range after {
		if _, ok := before[k]; !ok {
			out[k] = nil
		}
	}
	return out
}
