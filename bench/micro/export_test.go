package micro

// SizesForTest are the parts of directories of many users, with fewer.
var SizesForTest = sizes
