package main

import "fmt"

// dataSources reads redis_instances, _backup, _backup_download_info and _instance_task_list.
func (c caller) dataSources(id string, zones map[int64]string) error {
	total, seen := int64(1), 0
	// Pages of two, until more than TotalCount was asked for.
	for offset := int64(0); total >= offset; offset += 2 {
		page, err := redis[instances](c, "DescribeInstances", params{"Limit": 2, "Offset": offset, "SearchKey": "terraform", "ProjectIds": []int{0}})
		if err != nil {
			return err
		}
		total = *page.TotalCount
		for _, item := range page.InstanceSet {
			if zones[*item.ZoneId] != "" && *item.InstanceId == id {
				seen++
			}
		}
	}
	if seen != 1 {
		return fmt.Errorf("redis_instances shows the instance %d times", seen)
	}
	backups, err := describe(c.client, id, 0)
	if err != nil {
		return err
	}
	last := backups[len(backups)-1]
	if *last.InstanceId != id || *last.Status != 2 || *last.Remark != "manual backup" {
		return fmt.Errorf("redis_backup shows %s of %s with status %d", *last.BackupId, *last.InstanceId, *last.Status)
	}
	links, err := redis[struct {
		BackupInfos []*struct {
			FileName, DownloadUrl, InnerDownloadUrl *string
			FileSize                                *int64
		}
	}](c, "DescribeBackupUrl", params{"InstanceId": id, "BackupId": *last.BackupId})
	if err != nil {
		return err
	}
	if info := links.BackupInfos[0]; *info.FileSize != *last.BackupSize || *info.DownloadUrl == "" || *info.InnerDownloadUrl == "" || *info.FileName == "" {
		return fmt.Errorf("redis_backup_download_info shows %d bytes of %d", *info.FileSize, *last.BackupSize)
	}
	tasks, err := redis[struct {
		TotalCount *int64
		Tasks      []*struct {
			TaskId, ProjectId, Result                              *int64
			StartTime, TaskType, InstanceName, InstanceId, EndTime *string
			Progress                                               *float64
		}
	}](c, "DescribeTaskList", params{"InstanceId": id, "InstanceName": "terraform_test", "TaskTypes": []string{"012"}, "Result": []int{2}})
	if err != nil {
		return err
	}
	if *tasks.TotalCount != 1 || *tasks.Tasks[0].Progress != 1 || *tasks.Tasks[0].InstanceId != id || *tasks.Tasks[0].EndTime == "" {
		return fmt.Errorf("redis_instance_task_list shows %d backups", *tasks.TotalCount)
	}
	return nil
}

// nodeName is the name of the one node of an instance.
func nodeName(id string) string {
	return id + "-001-01"
}

func (c caller) shards(id string, _ map[int64]string) error {
	shards, err := redis[struct {
		TotalCount     *int64
		InstanceShards []*struct {
			ShardName, ShardId, Slots, Runid, RunId, ZoneId *string
			Role, Keys, Storage, Connected, ReplicasNodeId  *int64
			StorageSlope                                    *float64
		}
	}](c, "DescribeInstanceShards", params{"InstanceId": id, "FilterSlave": false})
	if err != nil {
		return err
	}
	shard := shards.InstanceShards[0]
	state := fmt.Sprint(*shards.TotalCount, len(shards.InstanceShards), *shard.ShardName, *shard.ShardId, *shard.Role, *shard.Slots, *shard.Runid,
		*shard.RunId, *shard.Connected, *shard.ZoneId, *shard.ReplicasNodeId, *shard.StorageSlope)
	node := nodeName(id)
	if wanted := fmt.Sprint(1, 1, node, "1", 0, `["0-16383"]`, node, node, 1, zoneName, 1, 0); state != wanted || *shard.Keys < 0 || *shard.Storage < 0 {
		return fmt.Errorf("redis_instance_shards shows %s, wanted was %s", state, wanted)
	}
	return nil
}

func (c caller) zoneInfo(id string, _ map[int64]string) error {
	groups, err := redis[struct {
		TotalCount    *int64
		ReplicaGroups []*struct {
			GroupId                 *int64
			GroupName, ZoneId, Role *string
			RedisNodes              []*struct {
				Keys                       *int64
				Slot, NodeId, Status, Role *string
			}
		}
	}](c, "DescribeInstanceZoneInfo", params{"InstanceId": id})
	if err != nil {
		return err
	}
	group := groups.ReplicaGroups[0]
	member := group.RedisNodes[0]
	state := fmt.Sprint(*groups.TotalCount, len(groups.ReplicaGroups), *group.GroupId, *group.GroupName, *group.ZoneId, *group.Role, len(group.RedisNodes),
		*member.Slot, *member.NodeId, *member.Status, *member.Role)
	if wanted := fmt.Sprint(1, 1, 1, "", zoneName, "master", 1, "0-16383", nodeName(id), "normal", "master"); state != wanted || *member.Keys < 0 {
		return fmt.Errorf("redis_instance_zone_info shows %s, wanted was %s", state, wanted)
	}
	return nil
}

func (c caller) nodeInfo(id string, zones map[int64]string) error {
	nodes, err := redis[struct {
		ProxyCount, RedisCount *int64
		Proxy                  []*struct{}
		Redis                  []*struct {
			NodeId, NodeRole  *string
			ClusterId, ZoneId *int64
		}
	}](c, "DescribeInstanceNodeInfo", params{"InstanceId": id})
	if err != nil {
		return err
	}
	only := nodes.Redis[0]
	state := fmt.Sprint(*nodes.ProxyCount, len(nodes.Proxy), *nodes.RedisCount, len(nodes.Redis), *only.NodeId, *only.NodeRole, *only.ClusterId,
		zones[*only.ZoneId])
	if wanted := fmt.Sprint(0, 0, 1, 1, nodeName(id), "master", 1, zoneName); state != wanted || nodes.Proxy == nil {
		return fmt.Errorf("redis_instance_node_info shows %s, wanted was %s", state, wanted)
	}
	return nil
}

// emptyLists reads redis_param_records and redis_clusters, of which there are none.
func (c caller) emptyLists(id string, _ map[int64]string) error {
	records, err := redis[struct {
		TotalCount           *int64
		InstanceParamHistory []*struct{}
	}](c, "DescribeInstanceParamRecords", params{"InstanceId": id, "Limit": pageSize, "Offset": 0})
	if err != nil {
		return err
	}
	clusters, err := redis[struct {
		Total     *int64
		Resources []*struct{}
	}](c, "DescribeRedisClusters", params{})
	if err != nil {
		return err
	}
	if *records.TotalCount != 0 || len(records.InstanceParamHistory) != 0 || *clusters.Total != 0 || len(clusters.Resources) != 0 {
		return fmt.Errorf("there are %d parameter records and %d clusters", *records.TotalCount, *clusters.Total)
	}
	return nil
}
