// SPDX-License-Identifier: GPL-2.0
/* vctl's verbs that follow events: wait, stop --timeout, monitor. */
#include "vctl_fake.h"

TEST_F(vctl, wait_is_there_already)
{
	k.reply[0] = &web;
	k.nr_replies = 1;
	RUN("wait", "web", "running");
	STATUS(0);
	OUT("");
	EXPECT_TRUE(k.watching);
}

TEST_F(vctl, wait_for_an_event)
{
	const struct reply other = EVENT(4, HS_VM_STOPPED, NULL);
	const struct reply paused = EVENT(3, HS_VM_PAUSED, NULL);
	const struct reply stopped = EVENT(3, HS_VM_STOPPED, "power off");

	k.reply[0] = &web;
	k.nr_replies = 1;
	k.event[0] = &other;
	k.event[1] = &paused;
	k.event[2] = &stopped;
	k.nr_events = 3;
	RUN("wait", "web", "stopped");
	STATUS(0);
	EXPECT_EQ(k.next_event, 3);
	k.next_event = 0;
	RUN("wait", "web", "failed,stopped,paused");
	STATUS(0);
	OUT("paused\n");
}

TEST_F(vctl, wait_for_what_cannot_come)
{
	const struct reply failed = EVENT(3, HS_VM_FAILED, "triple fault");
	const struct reply gone = EVENT(3, HS_VM_DESTROYED, NULL);

	k.reply[0] = &web;
	k.nr_replies = 1;
	k.event[0] = &failed;
	k.event[1] = &gone;
	k.nr_events = 2;
	RUN("wait", "web", "stopped");
	STATUS(2);
	ERR("vctl: wait: VM 'web' is failed: triple fault\n");
	/* Somebody may start it again, but not once it is gone. */
	k.next_event = 0;
	RUN("wait", "web", "paused");
	STATUS(2);
	ERR("vctl: wait: VM 'web' was destroyed\n");
	k.next_event = 0;
	RUN("wait", "web", "destroyed");
	STATUS(0);
}

TEST_F(vctl, wait_for_a_vm_that_is_not_there)
{
	k.fail_cmd = HS_CMD_VM_GET;
	k.fail = (struct nl_error){ ENOENT, false, "name", "no such VM" };
	RUN("wait", "web", "destroyed");
	STATUS(0);
	RUN("wait", "web", "running");
	STATUS(2);
	ERR("vctl: wait: there is no VM 'web'\n");
}

TEST_F(vctl, wait_times_out)
{
	k.reply[0] = &web;
	k.nr_replies = 1;
	RUN("wait", "web", "stopped", "--timeout", "0.05");
	STATUS(3);
	ERR("vctl: wait: timeout: VM 'web' is running\n");
	RUN("wait", "web", "running", "--timeout", "0");
	STATUS(0);
}

TEST_F(vctl, lost_events_are_made_up_for)
{
	const struct reply any = EVENT(9, HS_VM_RUNNING, NULL);
	const struct reply *now = &old;
	const struct reply later = REPLY({ HS_A_VM_ID, .num = 12 }, { HS_A_VM_NAME, .str = "old" },
					 { HS_A_VM_STATE, .num = HS_VM_RUNNING });

	(void)now;
	k.reply[0] = &later;
	k.nr_replies = 1;
	k.event[0] = &any;
	k.nr_events = 1;
	k.lose_first = true;
	RUN("wait", "old", "stopped", "--timeout", "0.05");
	STATUS(3);
	/* It looked twice: at first by name, then by id. */
	EXPECT_STREQ(k.log, "3: 3=old \n3: 2=12 \n");
}

TEST_F(vctl, stop_watches_before_it_acts)
{
	const struct reply stopped = EVENT(3, HS_VM_STOPPED, NULL);

	k.reply[0] = &web;
	k.nr_replies = 1;
	k.event[0] = &stopped;
	k.nr_events = 1;
	RUN("stop", "web", "--timeout", "5");
	STATUS(0);
	EXPECT_TRUE(k.watching);
	EXPECT_FALSE(k.acted_before_watching);
	k.fail_cmd = HS_CMD_VM_STOP;
	k.fail = (struct nl_error){ EINVAL, false, "", "the VM is not running" };
	RUN("stop", "web", "--timeout", "5");
	STATUS(2);
}

TEST_F(vctl, monitor_that_lost_events)
{
	k.reply[0] = &web;
	k.nr_replies = 1;
	k.nr_events = 1;
	k.next_event = 1;
	k.lose_first = true;
	k.gone = true;
	RUN("monitor", "-j");
	STATUS(4);
	OUT("{\"lost\":true}\n{\"id\":3,\"name\":\"web\",\"state\":\"running\"}\n"
	    "{\"error\":{\"verb\":\"monitor\","
	    "\"message\":\"the hyperspace module was unloaded\"}}\n");
	EXPECT_NE(strstr(self->err, "the hyperspace module was unloaded"), NULL);
}

TEST_HARNESS_MAIN
