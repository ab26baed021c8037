package scheduler

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestTicksUntilStopped(t *testing.T) {
	ticks := make(chan struct{})
	var busy, together atomic.Int32
	s, err := Start(5*time.Millisecond, slog.New(slog.DiscardHandler), func(ctx context.Context) error {
		if busy.Add(1) > 1 {
			together.Add(1)
		}
		defer busy.Add(-1)
		select {
		case ticks <- struct{}{}:
		case <-ctx.Done():
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		select {
		case <-ticks:
		case <-time.After(10 * time.Second):
			t.Fatal("it does not tick")
		}
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Errorf("stopping: %v", err)
	}
	if together.Load() > 0 || busy.Load() != 0 {
		t.Errorf("%d ticks overlapped, %d are still at it", together.Load(), busy.Load())
	}
	select {
	case <-ticks:
		t.Error("a tick after the end")
	default:
	}
}

func TestStopWaitsForTheTick(t *testing.T) {
	inside, release := make(chan bool), make(chan bool)
	s, err := Start(time.Hour, slog.New(slog.DiscardHandler), func(context.Context) error {
		inside <- true
		<-release // deaf to its context
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	<-inside
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Stop(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while a tick goes on: %v", err)
	}
	close(release)
	if err := s.Stop(t.Context()); err != nil && !strings.Contains(err.Error(), "shut") {
		t.Errorf("after it: %v", err)
	}
}

func TestWhatATickSaysIsLogged(t *testing.T) {
	for name, tick := range map[string]func(context.Context) error{
		"an error": func(context.Context) error { return errors.New("no disk") },
		"a panic":  func(context.Context) error { panic("no disk") },
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			done := make(chan bool, 100)
			log := slog.New(slog.NewTextHandler(writer(func(b []byte) { out.Write(b); done <- true }), nil))
			s, err := Start(time.Hour, log, tick)
			if err != nil {
				t.Fatal(err)
			}
			<-done
			if err := s.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			if !strings.Contains(out.String(), "no disk") {
				t.Errorf("logged %q", out.String())
			}
		})
	}
}

type writer func([]byte)

func (w writer) Write(b []byte) (int, error) { w(b); return len(b), nil }
