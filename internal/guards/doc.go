// Package guards proves that the tests hold the verifier's refusals in place: it takes every guard
// out, one at a time, and a test has to fail. It holds nothing but tests.
package guards
