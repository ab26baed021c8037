package sqlite

func childMigrates(string) error { return nil }
func childStumbles(string) error { return nil }
