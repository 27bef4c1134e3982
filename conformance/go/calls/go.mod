module redkeep/conformance/go/calls

go 1.19
