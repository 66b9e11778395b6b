vm_params_test_SRCS := kmod/vm_params.c
