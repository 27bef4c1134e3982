module redkeep/conformance/go/redis

go 1.19

require (
	github.com/tencentcloud/tencentcloud-sdk-go v1.0.162
	redkeep/conformance/go/calls v0.0.0
)

replace redkeep/conformance/go/calls => ../calls
