package directory

// Problem is something that is wrong with a directory, while it goes on serving what it can.
type Problem struct {
	// What the problem is about: an ARN, an access key ID, or "database".
	About string
	// Message says what is wrong. It holds nothing secret.
	Message string
	// Mended says that the problem has ended.
	Mended bool
}

// String returns the problem as a line of text.
func (p Problem) String() string {
	if p.Mended {
		return p.About + ": mended: " + p.Message
	}
	return p.About + ": " + p.Message
}

// report tells the operator of a problem.
func (d *Directory) report(p Problem) {
	if d.cfg.Report != nil {
		d.cfg.Report(p)
	}
}
