package keyring

// UpdateForTest is Update, with what waits until the entries of a folder are on disk.
func UpdateForTest(path string, change func(Keys) (Keys, error), sync func(folder string) error) error {
	return update(path, change, sync)
}
