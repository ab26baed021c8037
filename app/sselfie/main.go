// Command sselfie is a creator's whole business in one program.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"sselfie/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second Ctrl-C ends it at once
	code := app.Run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	os.Exit(code)
}
