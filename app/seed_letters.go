package app

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"time"

	"sselfie/core/campaigns"
	"sselfie/core/mail"
	"sselfie/core/segments"
	"sselfie/core/sequences"
	"sselfie/core/tracking"
)

// What sample people read with. A scanner asks before anybody could.
const (
	sampleBrowser = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
	sampleScanner = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
)

// writes sends the letters of a noon.
func (s *sampler) writes(ctx context.Context) error {
	if s.h.mailbox == nil {
		return nil // sample letters go nowhere else
	}
	now := s.h.clock.Now()
	if _, err := s.h.voice.series.RunDaily(ctx, now); err != nil {
		return err
	}
	if _, err := s.h.voice.series.RunWelcomeBack(ctx, now); err != nil {
		return err
	}
	return s.posts(ctx)
}

// posts delivers what was promised, and lets the readers of marketing letters
// do something with them. Nobody else gets sample letters: with another driver
// they wait for the end of the history.
func (s *sampler) posts(ctx context.Context) error {
	if s.h.mailbox == nil || s.h.outbox == nil {
		return nil
	}
	sent, err := s.h.outbox.DeliverDue(ctx)
	if err != nil || sent == 0 {
		return err
	}
	news, err := s.h.mailbox.List(ctx, "", sent)
	if err != nil {
		return err
	}
	for _, m := range news {
		if m.Kind == mail.Sequence || m.Kind == mail.Campaign {
			s.reads(m)
		}
	}
	return nil
}

var samplePixel = regexp.MustCompile(`pxl_[A-Za-z0-9_-]+`)

// reads plans what the reader of a letter does: most look at it, some follow
// its link, and now and then a machine was there first.
func (s *sampler) reads(m mail.Captured) {
	links := s.h.voice.links
	click := func(agent string) func(context.Context) error {
		return func(ctx context.Context) error {
			for _, l := range m.Links {
				u, err := url.Parse(l)
				if err != nil || !strings.HasSuffix(u.Path, "/track-click") {
					continue
				}
				_, err = links.Click(ctx, u.Query().Get("id"), "", tracking.Meta{Method: "GET", UserAgent: agent})
				return err
			}
			return nil
		}
	}
	wants := s.rand.IntN(100)
	if s.joining[m.To] || m.Kind == mail.Campaign && !s.answered {
		wants = 0
	}
	if m.Kind == mail.Campaign && !s.answered {
		s.answered = true
		s.buysAgain(m)
	}
	if wants%10 == 9 {
		s.later(m.SentAt, click(sampleScanner))
	}
	if wants >= 65 {
		return
	}
	read := m.SentAt.Add(20*time.Minute + time.Duration(s.rand.IntN(100))*time.Minute)
	s.later(read, func(ctx context.Context) error {
		return links.Open(ctx, samplePixel.FindString(m.HTML), tracking.Meta{Method: "GET", UserAgent: sampleBrowser})
	})
	if wants < 22 {
		s.later(read.Add(time.Minute), click(sampleBrowser))
	}
}

// campaign plans one letter to those who bought a while ago, and one reader who
// buys again.
func (s *sampler) campaign() {
	if s.h.mailbox == nil {
		return
	}
	ten := s.end.Add(-9 * 24 * time.Hour).Truncate(24 * time.Hour).Add(10 * time.Hour)
	s.later(ten, func(ctx context.Context) error {
		v := s.h.voice
		if _, err := v.segments.Refresh(ctx, ten); err != nil {
			return err
		}
		c, err := v.campaigns.Save(ctx, campaigns.Campaign{
			Name: "To whoever bought a while ago", Subject: "Nine frames for next month", Preheader: "An hour, a window, and the month is planned.",
			Body:   "Take the nine photographs of a month in one hour, on the first bright morning of it.\n\nThree of your face, three of your hands at work, three of the place where you do it. The same window for all of them. That is a feed.\n\nIf you would rather have the nine made for you: the 9-Post Feed does it from five photographs.",
			Action: "See the 9-Post Feed", Path: "/nine-post-feed", Topic: sequences.Newsletter, Segment: segments.MiniAlumni, Goal: campaigns.Clicks,
		})
		if err != nil {
			return err
		}
		at := ten.Add(30 * time.Minute)
		if _, err := v.campaigns.Schedule(ctx, c.ID, at.Format("2006-01-02T15:04"), "UTC", "sample"); err != nil {
			return err
		}
		s.later(ten.Add(time.Hour), func(ctx context.Context) error {
			if _, err := v.campaigns.Run(ctx, s.h.clock.Now()); err != nil {
				return err
			}
			return s.posts(ctx)
		})
		return nil
	})
}

// buysAgain lets the first reader of the campaign follow it to its end.
func (s *sampler) buysAgain(m mail.Captured) {
	feed, ok := s.h.catalog.Product("nine_post_feed")
	if !ok || feed.Disabled {
		return
	}
	s.later(m.SentAt.Add(3*time.Hour), func(ctx context.Context) error {
		u, err := s.h.db.UserByKey(ctx, s.h.fold(m.To))
		if err != nil {
			return err
		}
		_, err = s.buys(ctx, feed, m.To, u.Name, "")
		return err
	})
}
