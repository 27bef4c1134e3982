// Package models declares what the calls of the conformance programs send and read. Their transport is the SDK's of today; its module of
// product redis is not in the public module mirror, so the structures are written down here, with the tags that the SDK needs.
package models

import (
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
)

// Version of product redis.
const Version = "2018-04-12"

// Answer is the envelope of every answer.
type Answer[Fields any] struct {
	*tchttp.BaseResponse
	Response *Fields `json:"Response"`
}

// NewAnswer makes an envelope that the SDK can fill.
func NewAnswer[Fields any]() *Answer[Fields] {
	return &Answer[Fields]{BaseResponse: &tchttp.BaseResponse{}}
}

// NewBaseRequest names the action to the SDK.
func NewBaseRequest(action string) *tchttp.BaseRequest {
	request := &tchttp.BaseRequest{}
	request.Init().WithApiInfo("redis", Version, action)
	return request
}

type DescribeInstancesRequest struct {
	*tchttp.BaseRequest
	Limit     *uint64 `json:"Limit,omitempty" name:"Limit"`
	Offset    *uint64 `json:"Offset,omitempty" name:"Offset"`
	SearchKey *string `json:"SearchKey,omitempty" name:"SearchKey"`
}

type DescribeInstances struct {
	TotalCount  *int64         `json:"TotalCount"`
	InstanceSet []*InstanceSet `json:"InstanceSet"`
	RequestId   *string        `json:"RequestId"`
}

type InstanceSet struct {
	InstanceId   *string `json:"InstanceId"`
	InstanceName *string `json:"InstanceName"`
	Region       *string `json:"Region"`
	Status       *int64  `json:"Status"`
}

type ManualBackupInstanceRequest struct {
	*tchttp.BaseRequest
	InstanceId *string `json:"InstanceId,omitempty" name:"InstanceId"`
	Remark     *string `json:"Remark,omitempty" name:"Remark"`
}

type ManualBackupInstance struct {
	TaskId    *int64  `json:"TaskId"`
	RequestId *string `json:"RequestId"`
}

type DescribeTaskInfoRequest struct {
	*tchttp.BaseRequest
	TaskId *uint64 `json:"TaskId,omitempty" name:"TaskId"`
}

type DescribeTaskInfo struct {
	Status      *string `json:"Status"`
	StartTime   *string `json:"StartTime"`
	TaskType    *string `json:"TaskType"`
	InstanceId  *string `json:"InstanceId"`
	TaskMessage *string `json:"TaskMessage"`
	RequestId   *string `json:"RequestId"`
}

type DescribeInstanceBackupsRequest struct {
	*tchttp.BaseRequest
	InstanceId   *string  `json:"InstanceId,omitempty" name:"InstanceId"`
	Limit        *int64   `json:"Limit,omitempty" name:"Limit"`
	Offset       *int64   `json:"Offset,omitempty" name:"Offset"`
	BeginTime    *string  `json:"BeginTime,omitempty" name:"BeginTime"`
	EndTime      *string  `json:"EndTime,omitempty" name:"EndTime"`
	Status       []*int64 `json:"Status,omitempty" name:"Status"`
	InstanceName *string  `json:"InstanceName,omitempty" name:"InstanceName"`
}

type DescribeInstanceBackups struct {
	TotalCount *int64            `json:"TotalCount"`
	BackupSet  []*RedisBackupSet `json:"BackupSet"`
	RequestId  *string           `json:"RequestId"`
}

type RedisBackupSet struct {
	StartTime    *string `json:"StartTime"`
	BackupId     *string `json:"BackupId"`
	BackupType   *string `json:"BackupType"`
	Status       *int64  `json:"Status"`
	Remark       *string `json:"Remark"`
	Locked       *int64  `json:"Locked"`
	BackupSize   *int64  `json:"BackupSize"`
	FullBackup   *int64  `json:"FullBackup"`
	InstanceType *int64  `json:"InstanceType"`
	InstanceId   *string `json:"InstanceId"`
	InstanceName *string `json:"InstanceName"`
	Region       *string `json:"Region"`
	EndTime      *string `json:"EndTime"`
	FileType     *string `json:"FileType"`
	ExpireTime   *string `json:"ExpireTime"`
	Encrypted    *bool   `json:"Encrypted"`
}
