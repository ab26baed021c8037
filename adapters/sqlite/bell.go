package sqlite

import (
	"fmt"
	"log/slog"
	"sync"
)

// bell tells subscribers that something they wait for is durable. It rings on a
// goroutine of its own, so that a subscriber may take its time and even Update.
type bell struct {
	log *slog.Logger

	mu      sync.Mutex
	subs    map[string]map[int]func()
	next    int
	pending map[string]bool
	wake    chan struct{}
	stop    chan struct{}
	done    chan struct{}
	once    sync.Once
}

func newBell(log *slog.Logger) *bell {
	b := &bell{
		log:     log,
		subs:    map[string]map[int]func(){},
		pending: map[string]bool{},
		wake:    make(chan struct{}, 1),
		stop:    make(chan struct{}),
		done:    make(chan struct{}),
	}
	go b.run()
	return b
}

func (b *bell) add(topic string, fn func()) func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.subs[topic] == nil {
		b.subs[topic] = map[int]func(){}
	}
	b.next++
	id := b.next
	b.subs[topic][id] = fn
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subs[topic], id)
	}
}

// ring notes topics and returns at once.
func (b *bell) ring(topics []string) {
	b.mu.Lock()
	for _, t := range topics {
		b.pending[t] = true
	}
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default: // it is awake already
	}
}

func (b *bell) run() {
	defer close(b.done)
	for {
		select {
		case <-b.wake:
		case <-b.stop:
			return
		}
		for _, fn := range b.due() {
			b.call(fn)
		}
	}
}

func (b *bell) due() (fns []func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for topic := range b.pending {
		for _, fn := range b.subs[topic] {
			fns = append(fns, fn)
		}
	}
	clear(b.pending)
	return fns
}

func (b *bell) call(fn func()) {
	defer func() {
		if p := recover(); p != nil {
			b.log.Error("subscriber panicked", "op", "sqlite.OnCommit", "err", fmt.Sprint(p))
		}
	}()
	fn()
}

// close lets a running call end and rings no more.
func (b *bell) close() {
	b.once.Do(func() { close(b.stop) })
	<-b.done
}
