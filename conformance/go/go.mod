module redkeep/conformance/go

go 1.19

require (
	github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common v1.3.166
	redkeep/conformance/go/calls v0.0.0
)

replace redkeep/conformance/go/calls => ./calls
