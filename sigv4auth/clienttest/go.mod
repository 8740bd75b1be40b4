module github.com/wildgate/wildgate/sigv4auth/clienttest

go 1.26.0

replace github.com/wildgate/wildgate => ../../
