using Quartz;

namespace IdentityServer.Hosting;

/// <summary>When the background work happens. Each job is safe to run on every instance at once.</summary>
internal static class Jobs
{
    public static IServiceCollection AddJobs(this IServiceCollection services) => services
        .AddQuartz(quartz =>
        {
            quartz.ScheduleJob<Prune>(trigger => trigger
                .StartAt(DateBuilder.FutureDate(1, IntervalUnit.Minute))
                .WithSimpleSchedule(schedule => schedule.WithIntervalInMinutes(10).RepeatForever()));
        })
        .AddQuartzHostedService(quartz => quartz.WaitForJobsToComplete = true);

    [DisallowConcurrentExecution]
    private sealed class Prune : IJob
    {
        public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
