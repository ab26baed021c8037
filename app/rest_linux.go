package app

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// giveBack takes the pages of the program's own file out of its memory. A start
// touches nearly all of them, 23 MB, an idle shop a tenth; the system keeps them in
// its cache and puts each back when it is asked for, at 0.3 ms for all that an
// answer needs. A mapping that is written to, or that holds pages which are not the
// file's any more (a debugger's, a relocated program's), stays as it is.
func giveBack() error {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return err
	}
	defer func() { _ = maps.Close() }() // it was only read
	var from, to uintptr                // of the mapping that the lines are about
	ours := false
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		line := lines.Text()
		var begin, end uintptr
		var rights string
		if n, _ := fmt.Sscanf(line, "%x-%x %s", &begin, &end, &rights); n == 3 {
			from, to, ours = begin, end, rights[0] == 'r' && rights[1] != 'w' && strings.HasSuffix(line, " "+program)
		}
		if rest, found := strings.CutPrefix(line, "Anonymous:"); found && ours && strings.TrimSpace(rest) == "0 kB" {
			if _, _, failed := syscall.Syscall(syscall.SYS_MADVISE, from, to-from, syscall.MADV_DONTNEED); failed != 0 {
				return failed
			}
		}
	}
	return nil
}
