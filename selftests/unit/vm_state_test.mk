vm_state_test_SRCS := kmod/vm_state.c
