package sequences_test

import (
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"sselfie/core"
	"sselfie/core/catalog"
	"sselfie/core/sequences"
	static "sselfie/static/sequences"
)

// Every mini product has words of its own for the letters that speak of it.
func TestEachProductHasItsVoice(t *testing.T) {
	lib := library(t)
	for _, step := range []string{"day-3", "day-7"} {
		said := map[string]core.ProductID{}
		for _, p := range append(catalog.Default().OfKind(catalog.Mini), catalog.Product{ID: "another"}) {
			st, ok := lib.Step(sequences.MiniProduct, step, p.ID)
			if other, twice := said[st.Text]; !ok || twice {
				t.Errorf("%s: %s reads what %s reads", step, p.ID, other)
			}
			said[st.Text] = p.ID
			if n := len(strings.Fields(st.Text)); n > 220 {
				t.Errorf("%s for %s has %d words", step, p.ID, n)
			}
		}
	}
}

func TestWhoseWordsGoFirst(t *testing.T) {
	const front = "---\nday: 3\nsubject: s\naction: a\npath: /studio\n---\n"
	for name, c := range map[string]struct {
		own           []sequences.Text
		buyer, others string
	}{
		"ours":                         {nil, "bio", "all"},
		"hers for everybody":           {[]sequences.Text{{Series: "mini-product", Step: "day-3", Text: front + "hers"}}, "hers", "hers"},
		"hers for one product":         {[]sequences.Text{{Series: "mini-product", Step: "day-3", Product: "bio_glowup", Text: front + "hers"}}, "hers", "all"},
		"hers for both":                {[]sequences.Text{{Series: "mini-product", Step: "day-3", Text: front + "one"}, {Series: "mini-product", Step: "day-3", Product: "bio_glowup", Text: front + "two"}}, "two", "one"},
		"hers for yet another product": {[]sequences.Text{{Series: "mini-product", Step: "day-3", Product: "nine_post_feed", Text: front + "hers"}}, "bio", "all"},
	} {
		t.Run(name, func(t *testing.T) {
			files, err := static.Read(nil)
			if err != nil {
				t.Fatal(err)
			}
			maps.DeleteFunc(files, func(name, _ string) bool { return strings.HasPrefix(name, "mini-product/") })
			files["mini-product/day-3.md"], files["mini-product/day-3.bio_glowup.md"] = front+"all", strings.Replace(front, "day: 3", "day: 9", 1)+"bio"
			lib, bad := sequences.NewLibrary(files)
			if bad = append(bad, lib.Lay(c.own)...); len(bad) > 0 {
				t.Fatal(bad)
			}
			buyer, _ := lib.Step("mini-product", "day-3", "bio_glowup")
			other, _ := lib.Step("mini-product", "day-3", "rebrand_reset")
			if buyer.Text != c.buyer || other.Text != c.others {
				t.Errorf("the buyer reads %q, others %q", buyer.Text, other.Text)
			}
			if buyer.Day != 3 {
				t.Errorf("the voice changed the pace to day %d", buyer.Day)
			}
		})
	}
}

func TestAVoiceOfNothing(t *testing.T) {
	files, err := static.Read(fstest.MapFS{"mini-product/day-4.bio_glowup.md": {Data: []byte("---\nday: 4\nsubject: s\naction: a\npath: /\n---\nx")}})
	if err != nil {
		t.Fatal(err)
	}
	if _, bad := sequences.NewLibrary(files); len(bad) != 1 || !strings.Contains(bad[0], "day-4.bio_glowup.md") {
		t.Errorf("%v", bad)
	}
}

// Whoever writes a step in a file of her own is not overruled by ours for one
// product.
func TestAFolderOverOurs(t *testing.T) {
	files, err := static.Read(fstest.MapFS{"mini-product/day-3.md": {Data: []byte("hers")}, "mini-product/day-7.bio_glowup.md": {Data: []byte("hers, too")}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"mini-product/day-3.md": "hers", "mini-product/day-3.bio_glowup.md": "", "mini-product/day-7.bio_glowup.md": "hers, too"} {
		if files[name] != want {
			t.Errorf("%s: %q", name, files[name])
		}
	}
	if files["mini-product/day-30.md"] == "" || files["mini-product/day-7.nine_post_feed.md"] == "" {
		t.Error("more fell away than she wrote")
	}
}
