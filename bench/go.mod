module github.com/wildgate/wildgate/bench

go 1.26.0

require github.com/wildgate/wildgate v0.0.0

replace github.com/wildgate/wildgate => ../
