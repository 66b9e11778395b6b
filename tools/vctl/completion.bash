# SPDX-License-Identifier: GPL-2.0
# bash completion for vctl(8)

_vctl_names()
{
	vctl list -n -o NAME 2>/dev/null
}

# The last of several words with commas between.
_vctl_list()
{
	local done=""

	[[ $cur == *,* ]] && done=${cur%,*},
	COMPREPLY=($(compgen -P "$done" -W "$1" -- "${cur##*,}"))
}

_vctl_taps()
{
	local i

	COMPREPLY=()
	for i in /sys/class/net/*/tun_flags; do
		i=${i%/tun_flags}
		[[ -e $i ]] && COMPREPLY+=($(compgen -W "${i##*/}" -- "$cur"))
	done
}

# The third word of "disk add VM FILE", "net remove VM ID" and the like.
_vctl_device()
{
	local last=$((COMP_CWORD - 1)) kinds=virtio-blk

	[[ $1 == net ]] && kinds=virtio-net
	case " ${COMP_WORDS[*]} " in
	*" remove "* | *" up "* | *" down "*)
		COMPREPLY=($(compgen -W "$(vctl show "${COMP_WORDS[last]}" 2>/dev/null |
			sed -n "s/^\([^ ]*\) *$kinds  slot .*/\1/p")" -- "$cur"))
		;;
	*)
		if [[ $1 == net ]]; then
			_vctl_taps
		else
			COMPREPLY=($(compgen -f -- "$cur"))
		fi
		;;
	esac
}

_vctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	# "--output=x" comes as three words.
	if [[ $cur == "=" && $prev == --* ]]; then
		cur=""
	elif [[ $prev == "=" ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	local verbs="check create start stop pause resume reset destroy wait list show stat disk net console monitor diagnose completion help"
	local globals="--json --pretty --output --noheading --bytes --quiet --help"
	local columns="ID NAME STATE VCPUS MEM-MAX MEM-CUR CPU% UPTIME CPU-TIME TTY OVERHEAD RESETS EXITS EXIT-CODE REASON"
	local stats="ID NAME CPU% EXITS FAST IRQ IO MMIO MSR CPUID CR HLT EPT OTHER SLICES INJECTED KICKS FAULTS REFAULTS INVEPT INVVPID VMX-ACCESS VMX-MANAGE WRMSR XSTATE SPLITS COLLAPSES ACKS"
	local states="defined running paused stopped failed destroyed"
	local i verb="" words=0

	COMPREPLY=()
	case $prev in
	--kernel | -k | --initrd | --disk | -d | --batch | -b)
		COMPREPLY=($(compgen -f -- "$cur"))
		return
		;;
	--cpu-hide)
		_vctl_list "$(sed -n '/^flags/{s/.*: //p;q}' /proc/cpuinfo)"
		return
		;;
	--port)
		COMPREPLY=($(compgen -W "com1 hvc0 agent" -- "$cur"))
		return
		;;
	--net)
		_vctl_taps
		return
		;;
	-i)
		# create's initial RAM disk; stat's seconds
		[[ " ${COMP_WORDS[*]} " == *" stat "* ]] || COMPREPLY=($(compgen -f -- "$cur"))
		return
		;;
	--on-panic)
		COMPREPLY=($(compgen -W "fail reset" -- "$cur"))
		return
		;;
	--page-size)
		COMPREPLY=($(compgen -W "4K 2M" -- "$cur"))
		return
		;;
	--output | -o)
		[[ " ${COMP_WORDS[*]} " == *" stat "* ]] && columns=$stats
		_vctl_list "$columns"
		return
		;;
	--append | -a | --mem | -m | --cpus | --timeout | -t | --interval | --count)
		return
		;;
	-c)
		# a flag of start
		[[ " ${COMP_WORDS[*]} " == *" start "* ]] || return
		;;
	esac

	# The verb, and how many words follow it.
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--output | -o | --batch | -b | --kernel | -k | --initrd | -i | --append | -a | --mem | -m | --cpus | --disk | -d | --net | --cpu-hide | --port | --timeout | --interval | --count | --on-panic | --page-size)
			((i++))
			;;
		-*) ;;
		*)
			if [[ -z $verb ]]; then
				verb=${COMP_WORDS[i]}
			else
				((words++))
			fi
			;;
		esac
	done

	if [[ $cur == -* ]]; then
		case $verb in
		create) globals="--kernel --initrd --append --mem --cpus --disk --net --rng --cpu-hide --on-panic --page-size --testdev $globals" ;;
		start) globals="--console $globals" ;;
		stop) globals="--force --timeout $globals" ;;
		wait) globals="--timeout $globals" ;;
		show | status) globals="--state $globals" ;;
		stat) globals="--interval --count $globals" ;;
		console) globals="--log --port $globals" ;;
		"") globals="--version --batch --force $globals" ;;
		esac
		COMPREPLY=($(compgen -W "$globals" -- "$cur"))
		return
	fi

	case $verb:$words in
	:*) COMPREPLY=($(compgen -W "$verbs" -- "$cur")) ;;
	help:0) COMPREPLY=($(compgen -W "$verbs" -- "$cur")) ;;
	completion:0) COMPREPLY=($(compgen -W "bash" -- "$cur")) ;;
	wait:1) _vctl_list "$states" ;;
	disk:0) COMPREPLY=($(compgen -W "add remove" -- "$cur")) ;;
	net:0) COMPREPLY=($(compgen -W "add remove up down" -- "$cur")) ;;
	disk:2 | net:2) _vctl_device "$verb" ;;
	disk:1 | net:1 | stat:0 | start:0 | stop:0 | pause:0 | resume:0 | unpause:0 | reset:0 | destroy:0 | rm:0 | wait:0 | show:0 | status:0 | console:0 | diagnose:0)
		COMPREPLY=($(compgen -W "$(_vctl_names)" -- "$cur"))
		;;
	esac
}

complete -F _vctl vctl
