using IdentityServer.Core.Keys;
using IdentityServer.Core.Persistence;
using Quartz;

namespace IdentityServer.Hosting;

/// <summary>When the background work happens. Each job is safe to run on every instance at once.</summary>
internal static class Jobs
{
    public static IServiceCollection AddJobs(this IServiceCollection services) => services
        .AddQuartz(quartz =>
        {
            quartz.ScheduleJob<Prune>(trigger => trigger.WithSimpleSchedule(schedule => schedule.WithInterval(TimeSpan.FromMinutes(10)).RepeatForever()));
            quartz.ScheduleJob<RotateKeys>(trigger => trigger.WithSimpleSchedule(schedule => schedule.WithInterval(TimeSpan.FromDays(1)).RepeatForever()));
        })
        .AddQuartzHostedService(quartz => quartz.WaitForJobsToComplete = true);

    [DisallowConcurrentExecution]
    private sealed class Prune(PruneJob job, ILogger<PruneJob> logger) : IJob
    {
        public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
        {
            var rows = await job.RunAsync(cancellationToken);
            if (rows > 0)
                logger.LogInformation("Pruned {Rows} expired rows", rows);
        }
    }

    [DisallowConcurrentExecution]
    private sealed class RotateKeys(KeyRing keys) : IJob
    {
        public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) => await keys.RotateAsync(cancellationToken);
    }
}
