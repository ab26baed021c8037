package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"sselfie/core"
)

// One program at a time writes into a data folder. A command that writes is
// therefore handed to the server that runs there, through a socket in the folder
// that only its owner can open; where no server runs the command takes the
// lock and does it itself.

const socketName = "sselfie.sock"

// errand is a command on its way to the server.
type errand struct {
	Name   string            `json:"name"`
	Values map[string]string `json:"values"`
}

// answer is what became of it.
type answer struct {
	Lines []string `json:"lines"`
	Error string   `json:"error,omitempty"`
}

// duty does one errand in a house, whoever built it.
type duty func(ctx context.Context, h *house, values map[string]string) (lines []string, err error)

// duties are the commands that write.
func duties() map[string]duty {
	return map[string]duty{"admin create": createAdmin, "admin forget-second-factor": forgetSecondFactor, "job run": runJob, "stripe setup": setUpStripe, "reconcile": reconcile, "doctor": examine}
}

// listenControl opens the socket. A leftover of a killed server is replaced: the
// lock says that nobody listens there.
func listenControl(dir string) (net.Listener, error) {
	name, done, err := socketPath(dir)
	if err != nil {
		return nil, err
	}
	defer done()
	if err := os.Remove(filepath.Join(dir, socketName)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	ln, err := net.Listen("unix", name)
	if err == nil {
		err = os.Chmod(filepath.Join(dir, socketName), 0o600) // until here the folder's 0700 protects it
	}
	if err != nil {
		return nil, fmt.Errorf("the control socket: %w", err)
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false) // its name may be the short one
	return ln, nil
}

// socketPath returns a name of the socket that fits into a socket's address,
// which holds about 100 bytes: a deep folder is reached through its handle.
func socketPath(dir string) (name string, done func(), err error) {
	name = filepath.Join(dir, socketName)
	if len(name) < 100 {
		return name, func() {}, nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return "", nil, err
	}
	return "/proc/self/fd/" + strconv.Itoa(int(f.Fd())) + "/" + socketName, func() { _ = f.Close() }, nil
}

// serveControl answers errands until the server is closed.
func (h *house) serveControl(ln net.Listener) *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /errand", func(w http.ResponseWriter, r *http.Request) {
		var e errand
		if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&e); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		do, ok := duties()[e.Name]
		if !ok {
			http.Error(w, "the running server is of another version and does not know this command", http.StatusNotFound)
			return
		}
		var a answer
		lines, err := do(r.Context(), h, e.Values)
		if a.Lines = lines; err != nil {
			a.Error = sentence(err)
		}
		_ = json.NewEncoder(w).Encode(a) // who asked has gone: nothing to do
	})
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(ln) }() // ends with Close
	return srv
}

// do runs a command that writes: in the running server, or here.
func (s *shell) do(name string, values map[string]string) error {
	c, err := s.load(ToLook)
	if err != nil {
		return err
	}
	a, err := ask(s.ctx, c.DataDir, errand{name, values})
	if errors.Is(err, errNobody) {
		a, err = s.doHere(c, name, values)
	}
	if err != nil {
		return err
	}
	for _, line := range a.Lines {
		s.say("%s", line)
	}
	if a.Error != "" {
		return errors.New(a.Error)
	}
	return nil
}

func (s *shell) doHere(c Config, name string, values map[string]string) (answer, error) {
	h, err := build(s.ctx, c, c.baseURL(c.Addr), newLog(s.stderr, c))
	if err != nil {
		return answer{}, err
	}
	var a answer
	lines, err := duties()[name](s.ctx, h, values)
	if a.Lines = lines; err != nil {
		a.Error = sentence(err)
	}
	return a, h.close()
}

var errNobody = errors.New("no server runs on this data folder")

// ask hands an errand to the server on a data folder.
func ask(ctx context.Context, dir string, e errand) (answer, error) {
	name, done, err := socketPath(dir)
	if errors.Is(err, os.ErrNotExist) {
		return answer{}, errNobody
	}
	if err != nil {
		return answer{}, err
	}
	defer done()
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", name)
	}}}
	defer client.CloseIdleConnections()
	body, err := json.Marshal(e)
	if err != nil {
		return answer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://sselfie/errand", bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	resp, err := client.Do(req)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return answer{}, errNobody
	}
	if err != nil {
		return answer{}, fmt.Errorf("the running server does not answer: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
		return answer{}, &core.Error{Code: core.Unavailable, Op: "app.ask", Message: string(bytes.TrimSpace(text))}
	}
	var a answer
	return a, json.NewDecoder(resp.Body).Decode(&a)
}
