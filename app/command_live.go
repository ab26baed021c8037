package app

type serveCommand struct{}

// Help implements kong.HelpProvider.
func (serveCommand) Help() string { return "Example: sselfie serve --config /etc/sselfie.yaml" }

// Run serves the site until it is told to stop.
func (serveCommand) Run(s *shell) error {
	_, err := s.load(ToServe)
	return err
}

type verifyCommand struct{}

type stripeCommand struct{}

type adminCommand struct{}

type jobCommand struct{}

type contentCommand struct{}
